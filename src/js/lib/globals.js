'use strict';
exports.install = (target) => { target.global = target; };
