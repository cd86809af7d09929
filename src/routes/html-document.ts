import { hash } from 'node:crypto'
import { Html, html } from '../domain/html.ts'
import { style } from './html-style.ts'

type HtmlDocument = {
  title: string
  /** The page reloads itself after so many seconds. Without it, it stays as it is. */
  reloadSeconds?: number | undefined
  /** The only script of the page. Its digest is in the policy of the page. */
  script?: string
  body: Html
}

// The tags are joined here, so that the text between them is exactly that of the digest.
const styleTag = new Html(`<style>${style}</style>`)

/** A page that the service writes itself. */
export function htmlDocument ({ title, reloadSeconds, script, body }: HtmlDocument): string {
  return `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${reloadSeconds === undefined ? '' : html`<meta http-equiv="refresh" content="${reloadSeconds}">`}
<title>${title}</title>
<link rel="icon" href="/favicon.ico">
${styleTag}
</head>
<body>
<main>${body}
</main>
${script === undefined ? '' : new Html(`<script>${script}</script>`)}
</body>
</html>
`.text}`
}

/** What such a page may do: load its icon, and with a script call the API. It is shown in no frame, and sends no form. */
export function htmlPolicy (script?: string): string {
  const digest = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`
  return [
    "default-src 'none'", `style-src ${digest(style)}`, "img-src 'self'", ...script === undefined ? [] : [`script-src ${digest(script)}`, "connect-src 'self'"],
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"
  ].join('; ')
}
