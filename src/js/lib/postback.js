'use strict';

// Where this process's management server is, for events' postback-url and for what is posted there.

let base;
let token;

exports.setBase = (address, managementToken) => {
  base = address;
  token = managementToken;
};

// undefined without a management server
exports.urlOf = (id) => (base === undefined ? undefined : base + id);

// The token for a request to `url`: undefined but for this process's own management server.
exports.tokenFor = (url) => {
  if (token === undefined || !URL.canParse(url)) return undefined;
  const [{ protocol, hostname, port }, own] = [new URL(url), new URL(base)];
  const isHere = hostname === own.hostname || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === own.protocol && port === own.port && isHere ? token : undefined;
};
