'use strict';

// UTF-8 to text and back. Going into C costs more than a short ASCII text does here, so those stay.

const SHORT = 64;

exports.encode = (text) => {
  const { length } = text;
  if (length > SHORT) return native.utf8Encode(text);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return native.utf8Encode(text);
    bytes[i] = unit;
  }
  return bytes;
};

exports.decode = (bytes, fatal) => {
  const { length } = bytes;
  if (length > SHORT) return native.utf8Decode(bytes, fatal);
  let text = '';
  for (let i = 0; i < length; i++) {
    const byte = bytes[i];
    if (byte > 0x7f) return native.utf8Decode(bytes, fatal);
    text += String.fromCharCode(byte);
  }
  return text;
};

exports.byteLength = (text) => {
  const { length } = text;
  if (length > SHORT) return native.utf8ByteLength(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 0x7f) return native.utf8ByteLength(text);
  return length;
};
