type Route = { url: string, method: string | string[], config?: { scope?: string } | undefined }

/** Whether a route under /api can change something. A POST with the scope `read` only reads. */
export function isApiWrite ({ url, method, config }: Route): boolean {
  return url.startsWith('/api/') && config?.scope !== 'read' && [method].flat().every((one) => one !== 'GET' && one !== 'HEAD')
}
