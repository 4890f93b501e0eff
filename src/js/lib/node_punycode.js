'use strict';

// require('punycode'): the package that Node has a copy of.

module.exports = require('./vendor_punycode');
