'use strict';

// require('assert'), and its strict form.

module.exports = require('./vendor_assert');
