"""What jobs give: collected, checked, named, and written whole or not at all."""
