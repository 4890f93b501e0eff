module.exports = function namedDefault(event) {
  event.response.body = 'default export';
};
