import { useState } from 'preact/hooks'
import { useWords } from '../words/index.ts'

/** A command for a terminal, and a button that puts it on the clipboard. */
export function CopyCommand({ command }: { readonly command: string }) {
  const { common } = useWords()
  const [isCopied, setCopied] = useState(false)
  return (
    <div class="command">
      <code>{command}</code>
      {/* Without TLS browsers have no clipboard: the text can still be selected. */}
      {isSecureContext && (
        <button
          type="button"
          class="button small"
          aria-live="polite"
          onClick={() => {
            void navigator.clipboard.writeText(command).then(
              () => {
                setCopied(true)
              },
              () => undefined,
            )
          }}
        >
          {isCopied ? common.copied : common.copy}
        </button>
      )}
    </div>
  )
}
