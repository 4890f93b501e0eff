exports.answerHandler = (event, route) => {
  event.response = { statusCode: 200, headers: {}, body: { route, name: event.name, method: event.method } };
};
