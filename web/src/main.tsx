import './styles/page.css'
import './styles/chart.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { askForNow, followChanges, queries } from './api/queries.ts'
import { App } from './app/app.tsx'
import { LabContext } from './lab/lab-context.ts'
import { openLiveLab } from './lab/live-lab.ts'

const lab = openLiveLab({
  readLab: async (signal) => await fetch('/api/lab', { signal }),
  openStream: async (after, signal) => await fetch(`/api/events/stream?after=${after}`, { signal, cache: 'no-store' })
})
if (location.pathname === '/' || location.pathname === '/wall') askForNow()
followChanges(lab)
addEventListener('online', () => lab.wake())
addEventListener('offline', () => lab.lose())
addEventListener('pageshow', () => lab.wake())
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') lab.wake() })

createRoot(document.getElementById('page')!).render(
  <QueryClientProvider client={queries}>
    <LabContext value={lab}>
      <App />
    </LabContext>
  </QueryClientProvider>
)
