/** What the operating system's error codes mean to the operator, and what to do. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission: see who owns the file or folder, and who runs this',
  EADDRINUSE: 'another process listens there: stop it, or use another port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAI_AGAIN: 'the name server does not answer: see its address, and the network',
  EBUSY: 'something else is using it',
  ECONNABORTED: 'the connection was broken off',
  ECONNREFUSED: 'nothing listens there: start it, or correct the address',
  ECONNRESET: 'the other side broke the connection off',
  EDQUOT: 'the disk quota of this user is used up: make room, or raise it',
  EEXIST: 'there is such a file already',
  EFBIG: 'the file would be larger than this process may write: see ulimit -f and the file system',
  EHOSTUNREACH: 'there is no way to its host: see the network and the firewall',
  EINVAL: 'the system does not do that there: see what kind of file system it is',
  EIO: 'the disk reports an error: see the system log, and replace the disk if it goes on',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go round in a circle',
  EMFILE: 'this process has too many files open: raise its limit (ulimit -n, LimitNOFILE=)',
  ENAMETOOLONG: 'its name is too long',
  ENETUNREACH: 'there is no way to its network',
  ENFILE: 'the whole system has too many files open: raise fs.file-max',
  ENODEV: 'there is no such device',
  ENOENT: 'there is no such file or folder',
  ENOLCK: 'the file system gives no lock: use a local disk',
  ENOMEM: 'there is no memory left',
  ENOSPC: 'the disk is full: make room, but delete nothing in the data folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENOTFOUND: 'there is no host of this name',
  ENXIO: 'the device is gone',
  EPERM: 'the system does not allow it to this user',
  EPROTO: 'the other side does not speak the protocol: https may be meant for http',
  EPIPE: 'the other side has closed it',
  EROFS: 'the file system is mounted read-only: see the system log for why, and mount it anew',
  ESTALE: 'the network file system has lost the file: use a local disk',
  ETIMEDOUT: 'it does not answer: see the network and the firewall',
  ETXTBSY: 'it is a program that is running',
  EXDEV: 'it would have to move to another file system',
}

/** Form of a code as Node gives it, `EACCES` for one. */
const CODE = /^E[A-Z0-9_]+$/

/**
 * What a system call failed of, with its code: `the disk is full: … (ENOSPC)`.
 *
 * @returns Undefined where the error has no code of the system.
 */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  const { code } = error
  if (typeof code !== 'string' || !CODE.test(code) || code.startsWith('ERR_')) return undefined
  return `${WORDS[code] ?? 'the system reports an error'} (${code})`
}

/** What TLS failed of, by Node's codes for it. */
const TLS_WORDS: readonly (readonly [RegExp, string])[] = [
  [/WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/, 'it does not speak TLS: is it an http URL?'],
  [/EXPIRED|NOT_YET_VALID/, 'its certificate is not valid now: see its dates, and this clock'],
  [/ALTNAME|HOSTNAME/, 'its certificate is for another name'],
  [
    /SELF_SIGNED|UNABLE_TO|CERT/,
    'its certificate is not trusted: see who signed it, and NODE_EXTRA_CA_CERTS',
  ],
  [/^ERR_(SSL|TLS)_/, 'TLS fails'],
]

/** Causes within causes are followed no further. */
const DEEPEST = 4

/**
 * What a connection failed of, with its code. `fetch` hides that in the cause of its own error, and
 * where a host has several addresses in the errors of an `AggregateError`.
 *
 * @returns Undefined where no code says it.
 */
export function connectionReason(error: unknown): string | undefined {
  let inner = error
  for (let depth = 0; depth < DEEPEST && inner instanceof Error; depth++) {
    const system = systemReason(inner)
    if (system !== undefined) return system
    const { code } = inner as { readonly code?: unknown }
    const words =
      typeof code === 'string' ? TLS_WORDS.find(([pattern]) => pattern.test(code))?.[1] : undefined
    if (words !== undefined) return `${words} (${String(code)})`
    inner = inner instanceof AggregateError ? inner.errors[0] : inner.cause
  }
  return undefined
}
