'use strict';

const { ErrorResponse } = require('configurapi');
const texts = require('../lib/texts');

// Policy parameters: what `text` is where the message does not say.
exports.textParameterHandler = function (event, byDefault) {
  const { text = byDefault } = event.params;
  if (!texts.has(text)) return this.catch(new ErrorResponse(`'text' must be one of ${texts.names().join(', ')}.`, 400));
  event.params.text = text;
  return this.continue();
};

// Policy parameters: the number's name, what it is where the message does not say, and its range.
exports.numberParameterHandler = function (event, name, byDefault, least, most) {
  const { [name]: number = byDefault } = event.params;
  if (!Number.isInteger(number) || number < least || number > most)
    return this.catch(new ErrorResponse(`'${name}' must be a whole number from ${least} to ${most}.`, 400));
  event.params[name] = number;
  return this.continue();
};
