'use strict';
exports.format = (error) => `${error.name}: ${error.message}\n${error.stack}`;
