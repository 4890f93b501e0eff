// A root directory with nothing in it but what packages depend on, as this machine's own apt resolves that: whatever a package needs and
// does not say is missing there.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const quiet = { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 1 << 26 };

/** Why there can be no such root here; undefined where there can. */
export function missing() {
  if (process.getuid() !== 0) return 'it takes root to change the root';
  for (const program of ['apt-get', 'dpkg-deb', 'cpack', 'unshare', 'chroot', 'ldconfig']) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    } catch {
      return `${program} is not installed`;
    }
  }
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
  } catch {
    return 'nothing may be mounted here';
  }
  return undefined;
}

export class Root {
  constructor() {
    this.work = mkdtempSync(path.join(tmpdir(), 'configurapi-root-'));
    this.path = path.join(this.work, 'root');
    for (const directory of ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'proc', 'dev', 'tmp', 'etc', 'srv', 'var/lib/dpkg/info', 'var/lib/dpkg/updates']) {
      mkdirSync(path.join(this.path, directory), { recursive: true });
    }
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(this.path, name));
    writeFileSync(path.join(this.path, 'var/lib/dpkg/status'), '');
    writeFileSync(path.join(this.work, 'status'), ''); // for apt, nothing is installed at any time
  }

  #apt(...args) {
    const archives = path.join(this.work, 'archives');
    mkdirSync(path.join(archives, 'partial'), { recursive: true });
    const options = {
      'Dir::State::status': path.join(this.work, 'status'),
      'Dir::State::extended_states': path.join(this.work, 'extended_states'),
      'Dir::Cache::archives': archives,
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'Debug::NoLocking': '1',
      'APT::Sandbox::User': 'root',
    };
    const said = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return execFileSync('apt-get', [...said, '--quiet', '--yes', '--no-install-recommends', ...args], quiet);
  }

  /** Unpacks what the packages (names, or paths of .deb files) depend on, and those that are given by name. */
  unpackDependencies(...packages) {
    const archives = path.join(this.work, 'archives');
    rmSync(archives, { recursive: true, force: true });
    try {
      this.#apt('--download-only', 'install', ...packages);
    } catch {
      execFileSync('apt-get', ['--quiet', 'update'], quiet); // the lists are missing, or too old
      this.#apt('--download-only', 'install', ...packages);
    }
    const debs = readdirSync(archives).filter((name) => name.endsWith('.deb'));
    // tar, as dpkg has it: the directories that are links stay links.
    for (const deb of debs) {
      execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"', 'sh', path.join(archives, deb), this.path], quiet);
    }
    execFileSync('ldconfig', ['-r', this.path], quiet);
    return debs.map((name) => name.split('_')[0]);
  }

  /** As dpkg does it, with the package's own scripts run inside. */
  install(deb) {
    execFileSync('dpkg', [`--root=${this.path}`, '--force-depends', '--install', deb], quiet);
  }

  remove(name) {
    execFileSync('dpkg', [`--root=${this.path}`, '--force-depends', '--purge', name], quiet);
  }

  #command(args) {
    // Of this machine's there are the processes, the null device and random numbers; the mounts go with the process.
    const mounts = `mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"`;
    return ['--mount', 'sh', '-ec', mounts, this.path, ...args];
  }

  run(...args) {
    return execFileSync('unshare', this.#command(args), quiet);
  }

  /** Starts a program in a directory of the root. */
  spawn(cwd, args) {
    return spawn('unshare', this.#command(['/bin/sh', '-ec', 'cd "$0"; exec "$@"', cwd, ...args]), { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  dispose() {
    rmSync(this.work, { recursive: true, force: true });
  }
}
