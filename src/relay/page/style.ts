/** The page's only style sheet: one column on a phone, light and dark by the viewer's own setting. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f6fa, #11131a);
  --card: light-dark(#ffffff, #1a1d27);
  --line: light-dark(#e2e5ee, #2c3040);
  --text: light-dark(#1b1f2c, #e8eaf2);
  --quiet: light-dark(#5b6275, #a0a7bb);
  --accent: light-dark(#4338ca, #8b8cf9);
  --on-accent: light-dark(#ffffff, #10121b);
  --good: light-dark(#047857, #4ade80);
  --good-ground: light-dark(#d9f5e8, #12362a);
  --busy: light-dark(#1d4ed8, #93b8ff);
  --busy-ground: light-dark(#e0eaff, #1b2a4d);
  --wait: light-dark(#92400e, #fcd34d);
  --wait-ground: light-dark(#fdf0d0, #3b2f12);
  --bad: light-dark(#b91c1c, #fca5a5);
  --bad-ground: light-dark(#fde3e3, #471d20);
  --area: light-dark(#c7c9f7, #363779);
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
body { margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, figure, ul { margin: 0; padding: 0; }
h1 { font-size: 1.15rem; letter-spacing: -0.01em; }
h2 { font-size: 1.25rem; line-height: 1.3; }
h3 { font-size: 0.8rem; color: var(--quiet); text-transform: uppercase; letter-spacing: 0.06em; margin: 1.5rem 0 0.5rem; }
a { color: var(--accent); text-underline-offset: 2px; }
code { font: 0.85em ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
small { font-size: 0.85em; color: var(--quiet); }
time { font-variant-numeric: tabular-nums; white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.bad { color: var(--bad); }
.empty { color: var(--quiet); font-size: 0.9rem; }

.top { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1rem;
  padding: 0.6rem max(1rem, calc((100vw - 66rem) / 2)); background: var(--card); border-bottom: 1px solid var(--line); }
.top p { flex: 1 1 12rem; order: 2; color: var(--quiet); font-size: 0.9rem; }
.top p:empty { flex-basis: 0; }
.top form { order: 3; margin-left: auto; }
main, footer { max-width: 68rem; margin: 0 auto; padding: 1rem; }
footer, .asof { color: var(--quiet); font-size: 0.85rem; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.25rem; margin-bottom: 1rem; }
.card > header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: start; gap: 0.75rem; }
.id { color: var(--quiet); }
.facts { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1rem 2rem; margin-top: 1rem; align-items: center; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.75rem 1.25rem; }
dt { font-size: 0.8rem; color: var(--quiet); }
dd { font-weight: 600; line-height: 1.35; }
.hook { margin-top: 1rem; font-size: 0.9rem; color: var(--quiet); }
.hook code { color: var(--text); background: var(--ground); border-radius: 6px; padding: 0.15rem 0.4rem; user-select: all; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1rem 2rem; margin: 1rem 0; }
.charts svg { height: 5rem; }
.chart .bar { fill: var(--accent); }
.chart .bar.good { fill: var(--good); }
.chart .bar.bad { fill: var(--bad); }
.chart .title { font-size: 0.8rem; color: var(--quiet); }
.chart svg { display: block; width: 100%; height: 4rem; }
.chart .grid { stroke: var(--line); stroke-width: 1; stroke-dasharray: 2 4; vector-effect: non-scaling-stroke; }
.chart .axis { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.chart .area { fill: var(--area); opacity: 0.55; }
.chart .line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.chart figcaption { display: flex; justify-content: space-between; font-size: 0.75rem; color: var(--quiet); }

.connections { list-style: none; border: 1px solid var(--line); border-radius: 10px; }
.connection { display: grid; grid-template-columns: 7rem minmax(0, 1fr) auto; gap: 0.25rem 1rem; align-items: center; padding: 0.75rem 1rem; }
.connection + .connection { border-top: 1px solid var(--line); }
.name { font-weight: 600; }
.name small { font-weight: 400; }
.state, .more { font-size: 0.9rem; }
.more, .detail { color: var(--quiet); }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; justify-content: end; }
.badge { justify-self: start; padding: 0.15rem 0.6rem; border-radius: 99px; font-size: 0.8rem; font-weight: 600; white-space: nowrap;
  background: var(--wait-ground); color: var(--wait); }
.badge.clean { background: var(--good-ground); color: var(--good); }
.badge.tracking, .badge.claimed { background: var(--busy-ground); color: var(--busy); }
.badge.unfinished, .badge.backoff, .badge.failing, .badge.unheard { background: var(--bad-ground); color: var(--bad); }
.badge.parked, .badge.none { background: var(--line); color: var(--text); }

.pager { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 1rem; margin-top: 1rem; }
.pager a { padding: 0.25rem 0; }
.back { margin-bottom: 0.75rem; font-size: 0.9rem; }
.search { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.25rem 0.5rem; align-items: center; margin-bottom: 1rem; }
.search label, .search noscript { grid-column: 1 / -1; }
h1 a, h2 a { color: inherit; text-decoration: none; }
h1 a:hover, h2 a:hover { text-decoration: underline; }

.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 2rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
td { padding: 0.3rem 0; vertical-align: top; border-top: 1px solid var(--line); }
tr:first-child td { border-top: 0; }
.numbers td, .numbers th { text-align: right; overflow-wrap: normal; }
.numbers th:first-child { text-align: left; }
.numbers thead th { padding-right: 0; }
.numbers td, .numbers thead th + th { padding-left: 0.5rem; }
.numbers tr:first-child td { border-top: 1px solid var(--line); }
th { font-weight: 600; text-align: left; vertical-align: top; }
thead th { font-size: 0.8rem; font-weight: 400; color: var(--quiet); padding: 0 0.75rem 0.3rem 0; }
tbody th { padding: 0.3rem 0.75rem 0.3rem 0; border-top: 1px solid var(--line); }
.accounts { margin-top: 1rem; }
.accounts td, .accounts tbody th { padding: 0.6rem 0.75rem 0.6rem 0; }
.accounts tr:first-child td { border-top: 1px solid var(--line); }
.accounts .id { display: block; font-weight: 400; }
summary { cursor: pointer; color: var(--quiet); font-size: 0.9rem; min-height: 1.5rem; }
.history td:first-child { width: 6.5rem; padding-right: 0.75rem; color: var(--quiet); }
td small { margin-left: 0.25rem; }
td small.detail { display: block; margin-left: 0; }

.form { max-width: 44rem; margin-inline: auto; }
.form form { display: grid; gap: 1rem; margin-top: 1rem; }
.form p + p, .form h3 + p { margin-top: 0.25rem; }
.field { display: grid; gap: 0.3rem; }
.field .bad { font-size: 0.9rem; font-weight: 600; }
.tick { display: flex; gap: 0.6rem; align-items: center; min-height: 2.25rem; }
.tick input { width: 1.25rem; min-height: 1.25rem; height: 1.25rem; flex: none; accent-color: var(--accent); }
.tick label { font-weight: 400; }
.form details { border: 1px solid var(--line); border-radius: 10px; padding: 0.6rem 1rem; }
.form details[open] { display: grid; gap: 0.75rem; padding-bottom: 1rem; }
.todo { grid-template-columns: minmax(0, 1fr); gap: 0.5rem; margin: 0.75rem 0; }
.todo dd { font-weight: 400; }
.events code { display: inline-block; margin-right: 0.75rem; }
.copy { display: inline-block; color: var(--text); background: var(--ground); border: 1px solid var(--line); border-radius: 6px;
  padding: 0.15rem 0.4rem; user-select: all; }
.notes { padding-left: 1.25rem; margin: 0.5rem 0; }
.steps { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: 1rem; }
.steps li { display: grid; grid-template-columns: 2rem minmax(0, 1fr); gap: 0.75rem; }
.steps form { margin-top: 0.5rem; }
.steps h3 { margin: 0; font-size: 1rem; text-transform: none; letter-spacing: 0; color: var(--text); }
.mark { display: grid; place-items: center; width: 2rem; height: 2rem; border-radius: 99px; font-weight: 700;
  background: var(--wait-ground); color: var(--wait); }
.done .mark { background: var(--good-ground); color: var(--good); }

a.button { display: inline-flex; align-items: center; text-decoration: none; }
button, a.button { font: inherit; font-size: 0.9rem; font-weight: 600; min-height: 2.25rem; padding: 0.3rem 0.9rem; border-radius: 8px;
  border: 1px solid var(--line); background: var(--card); color: var(--text); cursor: pointer; }
button:hover, a.button:hover { border-color: var(--accent); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { filter: brightness(1.08); }
button.danger { border-color: var(--bad); color: var(--bad); }
button[aria-disabled="true"] { opacity: 0.5; cursor: progress; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.login { max-width: 24rem; margin: 12vh auto 0; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.login form { display: grid; gap: 0.6rem; margin-top: 1rem; }
.login p + p { margin-top: 0.75rem; }
.login h1 { margin-bottom: 0.5rem; }
label { font-weight: 600; font-size: 0.9rem; }
input { font: inherit; width: 100%; min-height: 2.5rem; padding: 0.4rem 0.7rem; border-radius: 8px; border: 1px solid var(--quiet);
  background: var(--ground); color: var(--text); }

@media (max-width: 44rem) {
  main { padding: 0.75rem; }
  .top { column-gap: 0.5rem; }
  .top .button, .top button { padding-inline: 0.7rem; }
  .card { padding: 1rem; border-radius: 12px; }
  .facts, .columns { grid-template-columns: minmax(0, 1fr); }
  .connection { grid-template-columns: minmax(0, 1fr); gap: 0.5rem; }
  .actions { justify-content: start; }
  .accounts thead { position: absolute; clip-path: inset(50%); }
  .accounts tr, .accounts td, .accounts tbody th { display: block; }
  .accounts tbody tr { padding: 0.75rem 0; border-top: 1px solid var(--line); }
  .accounts td, .accounts tr:first-child td, .accounts tbody th { border: 0; padding: 0.1rem 0; width: auto; }
  .accounts td::before { content: attr(data-label) ": "; color: var(--quiet); }
  button, a.button { min-height: 2.75rem; }
  .form .actions { justify-content: end; }
  .login { margin-top: 6vh; }
}
@media (prefers-reduced-motion: no-preference) {
  .badge.tracking { animation: breathe 2.4s ease-in-out infinite; }
  @keyframes breathe { 50% { opacity: 0.6; } }
}
`;
