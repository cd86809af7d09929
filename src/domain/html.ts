import { hiddenClass } from './plain-text.ts'

// Pages that the service writes itself show names and barcodes that other people chose. A text becomes HTML in one place only: where `html` inserts it.

const hidden = new RegExp(`[${hiddenClass}]`, 'gu')
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text that is HTML already. Only `html` makes it. */
export class Html {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

type Inserted = Html | string | number | readonly Html[]

/** A template of HTML: what is inserted is escaped, unless it is HTML. */
export function html (parts: TemplateStringsArray, ...inserted: readonly Inserted[]): Html {
  let text = parts[0]!
  for (const [n, one] of inserted.entries()) text += inHtml(one) + parts[n + 1]!
  return new Html(text)
}

/**
 * A name or a barcode: its direction does not change the text around it, and characters that nobody sees are shown as marks,
 * because two barcodes that look the same can differ by one of them.
 */
export function htmlName (text: string): Html {
  return new Html(`<bdi>${escapeHtml(text).replace(hidden, markOf)}</bdi>`)
}

function inHtml (one: Inserted): string {
  if (one instanceof Html) return one.text
  return typeof one === 'object' ? one.map(({ text }) => text).join('') : escapeHtml(String(one))
}

function escapeHtml (text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}

function markOf (character: string): string {
  return `<b class="mark">U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}</b>`
}
