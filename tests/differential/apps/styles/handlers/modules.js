const counter = require('../lib/counter');
const tools = require('../lib/tools');
const { places } = require('../lib/data.json');

exports.relativeHandler = (event) => {
  event.response.body = { joined: tools.join('a', 'b'), places };
};

exports.countHandler = (event) => {
  event.response.body = [counter.next()];
};
