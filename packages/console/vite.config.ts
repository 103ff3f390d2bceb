/** How the console is built, and how one works on it: `npm run dev -w packages/console`. */
import { defineConfig } from 'vite'

/**
 * While one works on the pages they are served by Vite, and their calls go to a server that runs
 * beside it. Nothing of this is in the build.
 */
const server = process.env['OUTRIGHT_SERVER'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/console/',
  // The client as it is in this checkout, not as it was last built.
  resolve: { conditions: ['outright-source', 'module', 'browser'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    // The policy of the pages lets nothing inline run.
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/outright': server, '/console/sign-in': server, '/console/sign-out': server },
  },
})
