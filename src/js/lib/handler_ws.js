'use strict';

// `require('configurapi-handler-ws')`.

module.exports = {
  get StreamResponse() {
    return require('./streams').StreamResponse;
  },
};
