const { Response } = require('configurapi');

/** The class name of a value, for what JSON does not show. */
const kind = (value) => Object.prototype.toString.call(value).slice(8, -1);

module.exports = {
  /** Resolves what the client sends as params.template. */
  templateHandler(event) {
    event.response = new Response(event.resolve(event.request.headers.template));
  },

  resolveHandler(event, ...parameters) {
    const resolved = parameters.map((parameter) => event.resolve(parameter));
    event.response = new Response([...(event.response.body || []), ...resolved]);
  },

  sameObjectHandler(event) {
    const list = event.request.headers.template;
    event.response = new Response(list.map((text) => [event.resolve(text), event.resolveStr(text)]));
  },

  valuesHandler(event) {
    const values = [undefined, null, 1, true, '', 'plain', [], {}, new Date(0), () => {}];
    event.response = new Response(values.map((value) => [kind(event.resolve(value)), event.resolve(value) === value]));
  },

  ownObjectHandler(event) {
    const own = { text: '$(id)', list: ['$(id)', { deep: '$(name)' }], number: 1 };
    const resolved = event.resolve(own);
    event.response = new Response({ resolved, same: resolved === own, own });
  },

  payloadHandler(event) {
    event.payload = { replaced: 'by the handler' };
    event.response = new Response(event.resolve('$($event.payload.replaced)'));
  },

  unchangedHandler(event, map, list) {
    const resolved = [event.resolve(map), event.resolve(list)];
    event.response = new Response({ resolved, map, list });
  },

  setParamHandler(event, name, value) {
    event.params[name] = value;
  },
};
