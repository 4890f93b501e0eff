// The servers: how each is started, what it answers, and why it cannot be measured where it cannot.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bench = dirname(fileURLToPath(import.meta.url));
const app = join(bench, 'app');

function works(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore', timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}

function findBun() {
  const platform = join(bench, 'node_modules/@oven', `bun-${process.platform}-${process.arch}`, 'bin/bun');
  return [platform, join(bench, 'node_modules/bun/bin/bun.exe'), 'bun'].find(works);
}

// `program` is the runner's path; what else is built lies in the folder `built`.
export function listServers(program, built) {
  const peer = (name) => join(bench, 'peers', name);
  const notBuilt = (...paths) => (paths.every((path) => existsSync(path)) ? undefined : 'not built');
  const module = join(built, 'native/libanswer.so');
  const npm = existsSync(join(bench, 'node_modules/ws')) ? undefined : 'run scripts/npm-ci bench';
  const bun = findBun();
  const noBun = bun ? undefined : 'no bun: run scripts/npm-ci bench';
  const echo = ['"name":"getData"'];
  const pipeline = ['"statusCode":200', '"message-id":"abc-123"', '"body":{"id":123,"from":"some one","n":42}'];

  const runner = (name, label, config, more = {}) => ({
    name,
    title: `**configurapi-runner-ws**, ${label}`,
    label: `Runner, ${label}`,
    missing: notBuilt(program, module),
    command: (port) => [
      ...[program, '-f', config, '-p', port, '--host', '127.0.0.1', '--no-management', '--log-level', 'error'],
      ...(more.options ?? []),
    ],
    cwd: dirname(config),
    expected: more.expected ?? pipeline,
    // The same with other options or another configuration.
    with: (...options) => runner(name, label, config, { ...more, options: [...(more.options ?? []), ...options] }),
    configured: (path) => runner(name, label, path, more),
  });

  const servers = [
    runner('runner', 'handler in JavaScript', join(app, 'config.yaml')),
    runner('runner_c', 'handler in C', join(built, 'native/config.yaml')),
    runner('runner_c_echo', 'echo by a handler in C', join(built, 'native/echo.yaml'), { expected: echo }),
    {
      name: 'epoll_echo',
      title: 'bare epoll echo',
      missing: notBuilt(join(built, 'epoll_echo')),
      command: (port) => [join(built, 'epoll_echo'), port],
      expected: echo,
    },
    {
      name: 'lws_echo',
      title: 'libwebsockets echo',
      missing: notBuilt(join(built, 'lws_echo')),
      command: (port) => [join(built, 'lws_echo'), port],
      expected: echo,
    },
    {
      name: 'bun_echo',
      title: 'Bun, echo',
      missing: noBun,
      command: (port) => [bun, peer('bun_echo.ts'), port],
      expected: echo,
    },
    {
      name: 'bun_pipeline',
      title: 'Bun, the same pipeline written by hand',
      missing: noBun,
      command: (port) => [bun, peer('bun_pipeline.ts'), port],
      expected: pipeline,
    },
    {
      name: 'node_ws_echo',
      title: 'Node ws, echo',
      missing: npm,
      command: (port) => [process.execPath, peer('node_ws_echo.mjs'), port],
      expected: echo,
    },
    {
      name: 'node_configurapi',
      title: 'Node ws + configurapi 1.9.0 (the reference)',
      missing: npm,
      command: (port) => [process.execPath, peer('node_configurapi.mjs'), port],
      cwd: app,
      expected: pipeline,
    },
  ];
  return Object.fromEntries(servers.map((server) => [server.name, server]));
}
