exports.fail = (message) => {
  throw new Error(message);
};

exports.failLater = async (message) => {
  await null;
  throw new Error(message);
};
