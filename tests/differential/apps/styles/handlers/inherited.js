module.exports = Object.create({
  inheritedHandler(event) {
    event.response.body = 'inherited';
  },
});
