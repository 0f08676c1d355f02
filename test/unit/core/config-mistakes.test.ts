// Every kind of mistake in the configuration, each named by its key. That the line reaches both streams is shown by a
// transcript.

import { expect, it } from "vitest";
import { isIdentifier, parseConfig } from "../../../src/core/config.ts";

it.each([
  ['{"colour": "blue"}', /colour/],
  ['{"api": {"url": "https://app.gitpod.io/api"}}', /api\.url/],
  ['{"api": {"baseUrl": 5}}', /api\.baseUrl/],
  ['{"api": {"baseUrl": "http://192.0.2.1/api"}}', /api\.baseUrl/],
  ['{"api": "https://app.gitpod.io/api"}', /api/],
  ['{"environmentId": []}', /environmentId/],
  ['{"token": {"path": "/x"}}', /token\.path/],
  ['{"token": {"file": true}}', /token\.file/],
  ['{"token": {"jsonFile": "/x/y.json"}}', /token\.key/],
  ['{"token": {"key": "a"}}', /token\.jsonFile/],
  ['{"google": {"scopes": ["a", "b c"]}}', /google\.scopes/],
  ['{"google": {"scopes": []}}', /google\.scopes/],
  ['{"token": {"command": "cat /x"}}', /token\.command/],
  ['{"token": {"command": ["cat", "/x"]}}', /token\.command/],
  ['{"token": {"command": []}}', /token\.command/],
  ['{"idToken": {"command": ["ona"]}}', /idToken\.command/],
  ['{"auth": {"audience": 1}}', /auth\.audience/],
  ['{"lookup": "all"}', /lookup/],
  ['{"scopes": {"teamId": "x"}}', /scopes\.teamId/],
  ['{"scopes": {"projectId": 7}}', /scopes\.projectId/],
  ['{"precedence": "user"}', /precedence/],
  ['{"precedence": ["user", "team"]}', /precedence/],
  ['{"valueFormat": "hex"}', /valueFormat/],
  ['{"deadlineMs": "10000"}', /deadlineMs/],
  ['{"deadlineMs": 25001}', /deadlineMs/],
  ['{"deadlineMs": 0}', /deadlineMs/],
  ['{"deadlineMs": 1.5}', /deadlineMs/],
  ['{"freshSeconds": 111}', /freshSeconds/],
  ['{"freshSeconds": -1}', /freshSeconds/],
  ['{"freshSeconds": null}', /freshSeconds/],
  ['{"staleSeconds": -1}', /staleSeconds/],
  ['{"staleSeconds": true}', /staleSeconds/],
  ['{"google": {"scopes": "x"}}', /google\.scopes/],
  ['{"registries": []}', /registries/],
  ['{"registries": {"a.example.test": {"source": "vault"}}}', /a\.example\.test/],
  ['{"registries": {"a.example.test": {"colour": 1}}}', /a\.example\.test/],
  ['{"registries": {"a.example.test": {"source": "ecr"}}}', /a\.example\.test/],
  ['{"registries": {"a.example.test": {"source": "gar"}}}', /a\.example\.test/],
  ['{"registries": {"a.example.test": {"onFailure": "ignore"}}}', /a\.example\.test/],
  ['{"registries": {"a.example.test": {"source": "ecr", "aliasOf": "b.example.test"}}}', /a\.example\.test/],
  ['{"registries": {"*.example.test": {"source": "ecr", "aliasOf": "gcr.io"}}}', /\.example\.test/],
  ['{"registries": {"a.example.test": {"identity": {"who": "me"}}}}', /a\.example\.test/],
  ['{"registries": {"a.example.test": {}, "https://A.example.test:443/": {}}}', /A\.example\.test/],
  ['{"registries": {"user@a.example.test": {}}}', /user@a\.example\.test/],
])("%s is refused", (text, named) => {
  expect(() => parseConfig(text)).toThrow(named);
});

it.each([
  ['{"api": {"baseUrl": "x"}}', /https URL/],
  ['{"environmentId": "a b"}', /an identifier/],
  ['{"scopes": {"userId": "a b"}}', /an identifier/],
  ['{"auth": {"audience": "a b"}}', /printable text/],
  ['{"token": {"jsonFile": "x", "key": "a"}}', /an absolute path/],
  ['{"token": {"jsonFile": "/x", "key": "a b"}}', /the name of a key/],
  ['{"token": {"file": "x"}}', /an absolute path/],
])("%s: what is right is said", (text, said) => {
  expect(() => parseConfig(text)).toThrow(said);
});

it.each([
  ["letters, digits and marks", "azAZ09-._:", true],
  ["200 characters", "a".repeat(200), true],
  ["201 characters", "a".repeat(201), false],
  ["none", "", false],
  ["a slash, which stands before the digits", "a/", false],
  ["a semicolon, which stands behind the colon", "a;", false],
  ["what stands before the letters", "a@", false],
  ["what stands behind them", "a[", false],
  ["what stands before the small letters", "a`", false],
  ["what stands behind them", "a{", false],
  ["a comma", "a,", false],
  ["a blank", "a b", false],
  ["another alphabet", "aé", false],
])("an identifier: %s", (_, text, expected) => {
  expect(isIdentifier(text)).toBe(expected);
});
