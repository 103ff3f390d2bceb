/** Whether the host of a URL is this machine, with which http is as good as https. */
export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
