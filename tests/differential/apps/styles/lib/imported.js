exports.importedHandler = (event) => {
  event.response.body = 'imported';
};

exports.overriddenHandler = (event) => {
  event.response.body = 'from import';
};
