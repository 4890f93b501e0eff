'use strict';

// Node's constants, of which it says since version 6 that each is better taken from its own module.

const { constants: { dlopen, errno, priority, signals } } = require('./node_os');

module.exports = Object.freeze({
  ...dlopen, ...errno, ...priority, ...signals, ...require('./file_constants').constants, ...require('./crypto_sign').constants,
});
