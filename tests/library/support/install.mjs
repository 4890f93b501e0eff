// Installs components of the build into a folder, as `cmake --install` does.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

/** {lib, env}: where the libraries are, and what leads pkg-config to them. */
export function installTree(prefix, components) {
  for (const component of components) {
    execFileSync('cmake', ['--install', process.env.CONFIGURAPI_BUILD, '--prefix', prefix, '--component', component], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const file = readdirSync(prefix, { recursive: true }).find((name) => path.basename(name) === 'configurapi-runner-ws.pc');
  assert.ok(file, 'configurapi-runner-ws.pc is installed');
  const pkgConfig = path.join(prefix, path.dirname(file));
  return { lib: path.dirname(pkgConfig), env: { PKG_CONFIG_PATH: pkgConfig } };
}
