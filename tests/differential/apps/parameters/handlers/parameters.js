const { describe } = require('../lib/describe');

module.exports = {
  describeHandler(event, ...parameters) {
    event.response.body = parameters.map(describe);
  },

  keepHandler(event, ...parameters) {
    event.kept = parameters;
  },

  compareHandler(event, ...parameters) {
    event.response.body = { same: parameters[0] === parameters[1], asBefore: parameters[0] === event.kept?.[0] };
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
