'use strict';

// Events that handlers in C work on too: what they read of an event that is here, and what they have changed of it (see
// pipeline/view.h).

const { api } = require('./configurapi');
const { bytesOf } = require('./replies');
const { ForeignStream, StreamResponse } = require('./streams');

const { ErrorResponse, Identity, Response } = api;

const [PARAMS, PAYLOAD, IDENTITY, RESPONSE_HEAD, RESPONSE_BODY] = [0, 1, 2, 3, 4];

function plainIdentity(identity) {
  if (!(identity instanceof Identity)) return identity;
  const { _claims: claims, _claimsTable, ...rest } = identity;
  return { ...rest, claims };
}

// An object with claims is an Identity, whoever made it.
function identityOf(value) {
  if (typeof value !== 'object' || value === null || !Array.isArray(value.claims)) return value;
  const { id, claims, ...rest } = value;
  try {
    return Object.assign(new Identity(id, claims), rest);
  } catch {
    return value; // its claims are none
  }
}

function headOf(response) {
  return response && { statusCode: response.statusCode, headers: response.headers ?? {} };
}

function bodyOf(response) {
  if (!response || response instanceof StreamResponse || response instanceof ForeignStream || bytesOf(response.body)) return undefined;
  return response.jsonReplacer ? JSON.parse(JSON.stringify(response.body, response.jsonReplacer)) : response.body;
}

// JSON text, empty where there is none.
exports.readPart = (event, part) => {
  if (event === undefined) return '';
  try {
    switch (part) {
      case PARAMS: return JSON.stringify(event.params) ?? '';
      case PAYLOAD: return JSON.stringify(event.payload) ?? '';
      case IDENTITY: return JSON.stringify(plainIdentity(event.identity)) ?? '';
      case RESPONSE_HEAD: return JSON.stringify(headOf(event.response)) ?? '';
      case RESPONSE_BODY: return JSON.stringify(bodyOf(event.response)) ?? '';
      default: return '';
    }
  } catch {
    return ''; // it refers to itself, or its toJSON throws
  }
};

function changedResponse(response, changed) {
  if (changed === null) return null;
  const { new: isNew, stream, bytes, ...members } = changed;
  if (stream) response = new ForeignStream();
  else if (isNew || !response) response = new Response();
  Object.assign(response, members);
  if (bytes !== undefined) response.body = Buffer.from(bytes, 'base64');
  return response;
}

exports.applyChanges = (event, text) => {
  if (event === undefined) return;
  const { error, response, absent = [], ...members } = JSON.parse(text);
  if (error !== undefined) event.response = new ErrorResponse(error.message, error.statusCode, error.details);
  if (response !== undefined) event.response = changedResponse(event.response, response);
  if ('identity' in members) members.identity = identityOf(members.identity);
  Object.assign(event, members);
  for (const name of absent) event[name] = undefined;
};

// A connection's identity as JSON text, empty where there is none.
exports.readIdentity = (identity) => exports.readPart({ identity }, IDENTITY);

exports.identityOf = identityOf;
