'use strict';

// Where this process's management servers are, each runner's by its number, for events' postback-url and for what is posted there.

const servers = new Map(); // a runner's number -> { base, token }

exports.setBase = (runner, base, token) => {
  if (base === undefined) servers.delete(runner);
  else servers.set(runner, { base, token });
};

// undefined without a management server
exports.urlOf = (id, runner) => {
  const server = servers.get(runner);
  return server && server.base + id;
};

const isHere = (url, own) => url.protocol === own.protocol && url.port === own.port
  && (url.hostname === own.hostname || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname));

// The token for a request to `url`: undefined but for this process's own management servers. With it comes the address as it was
// understood here, which is the one to send it to: others may read `url` otherwise.
exports.addressOf = (url) => {
  if (![...servers.values()].some(({ token }) => token !== undefined) || !URL.canParse(url)) return { href: String(url) };
  const asked = new URL(url);
  return { href: asked.href, token: [...servers.values()].find(({ base }) => isHere(asked, new URL(base)))?.token };
};
