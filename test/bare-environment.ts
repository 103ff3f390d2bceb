/**
 * The environment of a program that a test starts as a person would: no settings of Outright but
 * those in `more`, whatever this process has.
 */
export function bareEnvironment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  // Compiled modules are shared with the other processes of the run.
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env
  return { PATH, HOME, NODE_COMPILE_CACHE, ...more }
}
