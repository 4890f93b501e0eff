module.exports = {
  nameHandler(event, route) {
    event.response.body = [route, event.name];
  },

  keepHandler() {},
};
