'use strict';

// require('string_decoder').

module.exports = require('./vendor_string_decoder');
