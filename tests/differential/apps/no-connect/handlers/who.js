exports.whoAmIHandler = (event) => {
  event.response.body = { connection: event.request.headers['connection-id'], identity: event.identity === undefined };
};
