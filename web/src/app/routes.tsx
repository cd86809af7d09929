import { Route, Switch } from 'wouter'
import { DevicePage } from '../pages/devices/device-page.tsx'
import { DevicesPage } from '../pages/devices/devices-page.tsx'
import { FindPage } from '../pages/find/find-page.tsx'
import { HelpPage } from '../pages/help/help-page.tsx'
import { LabwarePage } from '../pages/labware/labware-page.tsx'
import { PlatePage } from '../pages/labware/plate-page.tsx'
import { NowPage } from '../pages/now/now-page.tsx'
import { WallPage } from '../pages/now/wall-page.tsx'
import { Page } from '../parts/page.tsx'

/** The pages by their addresses. `pagePaths` in src/plugins/web-pages.ts has the same addresses. */
export function Pages () {
  return (
    <Switch>
      <Route path="/"><NowPage /></Route>
      <Route path="/wall"><WallPage /></Route>
      <Route path="/labware"><LabwarePage /></Route>
      <Route path="/labware/:container">{({ container }) => <PlatePage key={container} name={decodeURIComponent(container)} />}</Route>
      <Route path="/devices/:device">{({ device }) => <DevicePage name={decodeURIComponent(device)} />}</Route>
      <Route path="/find"><FindPage /></Route>
      <Route path="/help"><HelpPage /></Route>
      <Route path="/lab/devices"><DevicesPage /></Route>
      <Route><Page title="There is no such page"><p>The address is not that of a page.</p></Page></Route>
    </Switch>
  )
}
