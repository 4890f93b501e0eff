const arrowDefault = async (event) => {
  event.response.body = 'default arrow export';
};

module.exports = arrowDefault;
