import { pick } from "../random.ts";

export interface Person {
  id: string;
  name: string;
  email: string;
  phone: string | null;
}

function person(kind: number, index: number, name: string, domain: string): Person {
  const digits = String(index).padStart(12, "0");
  const mailbox = name
    .normalize("NFD")
    .replace(/[^A-Za-z ]/g, "")
    .toLowerCase()
    .replaceAll(" ", ".");
  return {
    id: `${String(kind).repeat(8)}-1111-4111-8111-${digits}`,
    name,
    email: `${mailbox}@${domain}`,
    phone: index % 3 === 0 ? `+45000000${String(index).padStart(2, "0")}` : null,
  };
}

const AGENT_NAMES = ["Grace Agent", "Søren Højgaard", "Zoë Müller", "Ángel Núñez", "Olu Adeyemi", "Mei 林"];
const CUSTOMER_NAMES = [
  "Ada Example",
  'Bob "Bobby" Tables',
  "Chloé D'Arc",
  "Dmitri {curly}",
  "Émile [square]",
  "Freja \\ Backslash",
  "Gül 🙂 Yılmaz",
  "Hiro 山田",
];

export const AGENTS = AGENT_NAMES.map((name, index) => person(3, index, name, "agents.example.com"));
export const CUSTOMERS = CUSTOMER_NAMES.map((name, index) => person(1, index, name, "example.org"));

export const QUEUES = ["Support", "Returns", "VIP", "Telefon – dansk"].map((name, index) => ({
  id: `22222222-2222-4222-8222-${String(index).padStart(12, "0")}`,
  name,
}));

export const TAGS = ["refund", "vip", "spam?", "ødelagt vare", "a,b", 'quoted "tag"'].map((name, index) => ({
  id: `44444444-4444-4444-8444-${String(index).padStart(12, "0")}`,
  name,
  is_deactivated: index === 4,
}));

/** Queues are not equally busy. */
export function pickQueue(at: number): (typeof QUEUES)[number] {
  return pick(QUEUES, at * at);
}
