// The one file of the elements for pages without a bundler, `/js/conduit-components.js`.

import { homeOf, pageService } from './clientScript.ts';
import { define } from './define.ts';
import { provideService } from './serviceSource.ts';

provideService(pageService(homeOf(document.currentScript as HTMLScriptElement | null)));
define();
