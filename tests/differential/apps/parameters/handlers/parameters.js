const { describe } = require('../lib/describe');

const seen = [];

module.exports = {
  describeHandler(event, ...parameters) {
    event.response.body = parameters.map(describe);
  },

  keepHandler(event, ...parameters) {
    event.kept = parameters;
  },

  compareHandler(event, ...parameters) {
    seen.push(parameters[0]);
    const [tags, others] = parameters.map((parameter) => parameter.tags);
    event.response.body = {
      same: parameters[0] === parameters[1],
      asBefore: parameters[0] === event.kept?.[0],
      everywhere: new Set(seen).size,
      inside: tags === others,
    };
  },

  // Every object among the parameters by the number of the place where it was met first.
  sameHandler(event, ...parameters) {
    const met = [];
    const places = (value) => {
      if (typeof value !== 'object' || value === null) return value;
      const at = met.indexOf(value);
      if (at >= 0) return at;
      met.push(value);
      return [met.length - 1, Object.keys(value).map((key) => [key, places(value[key])])];
    };
    event.response.body = parameters.map(places);
  },

  changeHandler(event, map, list) {
    map.count += 1;
    map.inner.added = true;
    list.push(list.length);
    event.response.body = { map, list };
  },

  assignHandler(event, parameter) {
    parameter = `${parameter}, changed`;
    arguments[1] = parameter;
    event.response.body = parameter;
  },
};
