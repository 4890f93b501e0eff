'use strict';

// fs.constants: the system's, and those that are Node's own.

const { DT_UNKNOWN, DT_FIFO, DT_CHR, DT_DIR, DT_BLK, DT_REG, DT_LNK, DT_SOCK, ...system } = native.part('fs').constants();

exports.constants = Object.freeze({
  __proto__: null,
  UV_FS_SYMLINK_DIR: 1,
  UV_FS_SYMLINK_JUNCTION: 2,
  UV_DIRENT_UNKNOWN: 0,
  UV_DIRENT_FILE: 1,
  UV_DIRENT_DIR: 2,
  UV_DIRENT_LINK: 3,
  UV_DIRENT_FIFO: 4,
  UV_DIRENT_SOCKET: 5,
  UV_DIRENT_CHAR: 6,
  UV_DIRENT_BLOCK: 7,
  ...system,
  UV_FS_O_FILEMAP: 0,
  UV_FS_COPYFILE_EXCL: 1,
  COPYFILE_EXCL: 1,
  UV_FS_COPYFILE_FICLONE: 2,
  COPYFILE_FICLONE: 2,
  UV_FS_COPYFILE_FICLONE_FORCE: 4,
  COPYFILE_FICLONE_FORCE: 4,
});

// What a directory's entry says of its kind, as S_IFMT's bits.
exports.FILE_TYPES = {
  __proto__: null,
  [DT_FIFO]: system.S_IFIFO,
  [DT_CHR]: system.S_IFCHR,
  [DT_DIR]: system.S_IFDIR,
  [DT_BLK]: system.S_IFBLK,
  [DT_REG]: system.S_IFREG,
  [DT_LNK]: system.S_IFLNK,
  [DT_SOCK]: system.S_IFSOCK,
};
