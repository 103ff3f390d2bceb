export interface ForwardAuthOptions {
  /** Name of a cookie that holds the access token of browsers; default none: only Bearer counts. */
  readonly cookieName: string | undefined
  /**
   * Where `mode=redirect` sends browsers that navigate without a good token; default none: 401.
   * Gets `return_to` appended when the original host is in `allowedHosts`.
   */
  readonly loginUrl: string | undefined
  /** Hosts, with ports where they have one, to which `return_to` may lead. Default none. */
  readonly allowedHosts: readonly string[]
  /**
   * What becomes of a CORS preflight, which never carries credentials: `refuse` (default) answers
   * 401 like any request without a token, `allow` lets it through to the application.
   */
  readonly preflight: 'allow' | 'refuse'
}

export const forwardAuthDefaults: ForwardAuthOptions = {
  cookieName: undefined,
  loginUrl: undefined,
  allowedHosts: [],
  preflight: 'refuse',
}
