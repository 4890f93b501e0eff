'use strict';

// require('diagnostics_channel'): the port of it.

const port = require('./vendor_diagnostics_channel');

const { Channel, channel, hasSubscribers, subscribe, tracingChannel, unsubscribe } = port;

module.exports = { Channel, channel, hasSubscribers, subscribe, tracingChannel, unsubscribe };
