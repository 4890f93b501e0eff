const counter = require('../lib/counter.js');

module.exports.countElsewhereHandler = (event) => {
  event.response.body.push(counter.next());
};

module.exports.overriddenHandler = (event) => {
  event.response.body = 'from handlers/';
};
