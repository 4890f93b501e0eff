'use strict';

// Node's stream: the port's.

module.exports = require('./vendor_stream');
