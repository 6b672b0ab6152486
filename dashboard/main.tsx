// The dashboard: what happens, as it happens.

import { render } from 'preact';
import { restore } from './connection/session.ts';
import { apply } from './parts/theme.ts';
import './styles/base.css';
import './styles/layout.css';
import './styles/panels.css';
import { App } from './views/app.tsx';

apply();
restore();
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
