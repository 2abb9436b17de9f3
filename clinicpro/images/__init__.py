"""Images: from the presign to the gallery, the viewer and the trash."""
