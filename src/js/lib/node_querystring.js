'use strict';

// require('querystring').

const port = require('./vendor_querystring');

module.exports = { ...port };
