import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

/**
 * An HTTP proxy as a process of its own: `node proxy.ts PORT USER:PASSWORD`. It takes every host for this machine's
 * PORT, lets in only who has the credentials, and prints its own port, then a line for each request.
 */
const [port = "0", credentials = ""] = process.argv.slice(2);
const expected = `Basic ${Buffer.from(credentials).toString("base64")}`;

const proxy = createServer((request, response) => {
  process.stdout.write(`${request.method ?? ""} ${request.url ?? ""}\n`);
  response.writeHead(request.headers["proxy-authorization"] === expected ? 200 : 407).end("[]");
});
proxy.on("connect", (request, client) => {
  process.stdout.write(`CONNECT ${request.url ?? ""}\n`);
  client.on("error", () => undefined);
  if (request.headers["proxy-authorization"] !== expected) {
    client.end("HTTP/1.1 407 Proxy Authentication Required\r\nconnection: close\r\n\r\n");
    return;
  }
  const target = connect(Number(port), "127.0.0.1", () => {
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    target.pipe(client);
    client.pipe(target);
  });
  target.on("error", () => client.destroy());
});
proxy.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(proxy.address() as AddressInfo).port}\n`);
});
